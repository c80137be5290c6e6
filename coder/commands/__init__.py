"""What a repository and a person wrote for the model to do: commands, skills, agents, output styles."""
